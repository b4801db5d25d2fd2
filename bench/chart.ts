import { type Key, names, type Reading } from "./clients.js"
import { cpuRatio, type Results, readingOf } from "./targets.js"

const width = 760
const labelWidth = 270
const barHeight = 20
const rowHeight = 28
const titles = {
  get: "Sessions.get",
  list: "Sessions.list, a page of 500",
  verify: "SessionTokens.verify",
  "verify again": "SessionTokens.verify, a cached token"
} satisfies { readonly [W in Reading["work"]]?: string }

type Charted = keyof typeof titles

// `Object.keys` returns plain strings.
const works = Object.keys(titles) as ReadonlyArray<Charted>

const others: ReadonlyArray<Key> = ["raw", "clerk", "subtle", "jose"]

interface Bar {
  readonly label: string
  readonly value: number
  readonly isOurs: boolean
}

const barsOf = (results: Results, work: Charted): ReadonlyArray<Bar> =>
  results.readings.flatMap((reading) => {
    if (reading.work !== work || reading.concurrency !== 1) return []
    const peer = readingOf(results, work === "verify again" ? "verify" : work, "clerk", 1)
    const ratio = cpuRatio(reading, peer)
    const isOurs = !others.includes(reading.by)
    return ratio === undefined ? [] : [{ label: names[reading.by], value: ratio.median, isOurs }]
  })

/** CPU per call, one at a time, with @clerk/backend as 1. It has its own background, so that it is readable on any page. */
export const chartOf = (results: Results): string => {
  const groups = works.map((work) => ({ title: titles[work], bars: barsOf(results, work) }))
  const longest = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ value }) => value)))
  const scale = (width - labelWidth - 80) / longest
  const lines: Array<string> = []
  let y = 54
  for (const { title, bars } of groups) {
    lines.push(`<text x="20" y="${y + 14}" font-weight="600">${title}</text>`)
    y += rowHeight
    for (const { label, value, isOurs } of bars) {
      const length = (value * scale).toFixed(1)
      const end = (labelWidth + value * scale + 8).toFixed(1)
      lines.push(
        `<text x="${labelWidth - 10}" y="${y + 15}" text-anchor="end">${label}</text>`,
        `<rect x="${labelWidth}" y="${y}" width="${length}" height="${barHeight}" rx="3" fill="${isOurs ? "#6c47ff" : "#9aa0ab"}"/>`,
        `<text x="${end}" y="${y + 15}">${value.toFixed(2)}</text>`
      )
      y += rowHeight
    }
    y += 14
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="#1f2430">
<title>CPU per call, relative to @clerk/backend</title>
<rect width="${width}" height="${y}" rx="8" fill="#ffffff"/>
<text x="20" y="32" font-size="15" font-weight="600">CPU per call, @clerk/backend = 1 (less is better)</text>
${lines.join("\n")}
</svg>
`
}
