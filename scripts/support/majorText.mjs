// Documents and docstrings show a program twice where the Effect majors differ. "Effect 4:" and a block "ts effect4" come
// first. "Effect 3:" and a block "ts effect3" follow.

const part = (digit) =>
  `(?: *\\* )?Effect ${digit}:\\n(?: *\\*)?\\n` +
  `(?<open${digit}>(?: *\\* )?\`\`\`ts) effect${digit}(?<rest${digit}>\\n[\\s\\S]*?^(?: *\\* )?\`\`\`$)`

const pair = new RegExp(`^${part(4)}\\n(?: *\\*)?\\n${part(3)}`, "gm")

/** The text of a file for the users of one major, with its programs only. */
export const textFor = (major, text, file) => {
  const digit = major.at(-1)
  const own = text.replaceAll(pair, (...matched) => {
    const groups = matched.at(-1)
    return `${groups[`open${digit}`]}${groups[`rest${digit}`]}`
  })
  const [found] = /```ts effect.*/.exec(own) ?? []
  if (found === undefined) return own
  throw new Error(
    `${file}: ${found} is not in a pair: "Effect 4:", a block "ts effect4", "Effect 3:", a block "ts effect3"`
  )
}
