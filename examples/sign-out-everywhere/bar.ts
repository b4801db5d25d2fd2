import type { Line } from "./shared.js"

const width = 40

/** Shows the progress: in one place on a terminal, otherwise one line for each step. */
export const bar = ({ failed, status, users }: Line, all: number): void => {
  const share = all === 0 ? 1 : users / all
  const full = Math.round(share * width)
  const text = `[${"#".repeat(full)}${".".repeat(width - full)}] ${users}/${all} users, ${failed} failed, ${status}`
  process.stdout.write(process.stdout.isTTY ? `\r${text}` : `${text}\n`)
}
