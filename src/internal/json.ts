/** Parses JSON; `undefined`, for which JSON has no text, means that it is none. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
