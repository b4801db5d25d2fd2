import type { Redactor } from "./redact.js"

/** Makes a redactor of secrets that change: `current` returns another redactor when they have. */
export const liveRedactor = (current: () => Redactor): Redactor => ({
  hide: (text) => current().hide(text),
  text: (text) => current().text(text),
  json: (value) => current().json(value),
  with: (more) => {
    let known: Redactor | undefined
    let all: Redactor | undefined
    return liveRedactor(() => {
      const redactor = current()
      if (all === undefined || redactor !== known) {
        known = redactor
        all = redactor.with(more)
      }
      return all
    })
  }
})
