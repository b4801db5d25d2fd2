/** Text that is already HTML. A template escapes all other values. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Child = Html | string | undefined | ReadonlyArray<Html>

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const rendered = (child: Child): string => {
  if (child === undefined) return ""
  if (child instanceof Html) return child.text
  return typeof child === "string"
    ? child.replace(/[&<>"']/g, (character) => entities[character] ?? "")
    : child.map(rendered).join("")
}

/** A template whose attributes are all quoted. */
export const html = (strings: TemplateStringsArray, ...children: ReadonlyArray<Child>): Html =>
  new Html(String.raw({ raw: strings }, ...children.map(rendered)))
