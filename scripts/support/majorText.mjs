// The sources and documents are written for both Effect majors. These functions select the text of one major.

const part = (digit) =>
  `(?: *\\* )?Effect ${digit}:\\n(?: *\\*)?\\n` +
  `(?<open${digit}>(?: *\\* )?\`\`\`\\w+) effect${digit}(?<rest${digit}>\\n[\\s\\S]*?^(?: *\\* )?\`\`\`$)`

const pair = new RegExp(`^${part(4)}\\n(?: *\\*)?\\n${part(3)}`, "gm")

const digitOf = (major) => major.at(-1)

/** Where the majors differ, "Effect 4:" and a block "ts effect4" come first. "Effect 3:" and "ts effect3" follow. */
const programsOf = (major, text, file) => {
  const own = text.replaceAll(pair, (...matched) => {
    const groups = matched.at(-1)
    return `${groups[`open${digitOf(major)}`]}${groups[`rest${digitOf(major)}`]}`
  })
  const [found] = /```\w+ effect[34].*/.exec(own) ?? []
  if (found === undefined) return own
  throw new Error(
    `${file}: ${found} is not in a pair: "Effect 4:", a block "ts effect4", "Effect 3:", a block "ts effect3"`
  )
}

/** A command, with the lines that a backslash continues. */
const command = /(?:.*\\\n)*.*\n/g

const mark = /[ \t]+# Effect (?<digit>[34])[ \t]*\n$/

/** In a block of commands, a comment "# Effect 4" at the end of a line says that the command is for one major. */
const commandsOf = (major, text, file) =>
  text.replaceAll(/^(```(?:sh|bash)\n)([\s\S]*?)^```$/gm, (block, start, commands) => {
    const own = commands.replaceAll(command, (line) => {
      const digit = mark.exec(line)?.groups.digit
      if (digit === undefined) return line
      return digit === digitOf(major) ? line.replace(mark, "\n") : ""
    })
    if (own.trim() !== "") return `${start}${own}\`\`\``
    throw new Error(`${file}: no command of this block is for Effect ${digitOf(major)}:\n${block}`)
  })

/** `@since 4.2.0` in the sources is `@since 3.2.0` in the package for Effect 3, which is released with it. */
export const sinceOf = (major, text) =>
  text.replaceAll(/(@since )4(?=\.\d+\.\d+)/g, (_, tag) => `${tag}${digitOf(major)}`)

/** The badge of the package for Effect 3 shows the version of its dist-tag, which is not the latest one. */
const badgesOf = (major, text) =>
  major === "effect3"
    ? text.replaceAll(/(img\.shields\.io\/npm\/v\/effect-clerk)(?=[)?"])/g, "$1/effect3")
    : text

/** The text of a file for the users of one major: its programs, its commands and its versions. */
export const textFor = (major, text, file) =>
  badgesOf(major, sinceOf(major, commandsOf(major, programsOf(major, text, file), file)))
