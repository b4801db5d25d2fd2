/** Something given from outside breaks a rule. The value itself is left behind: it may be a secret. */
export interface RuleBreak {
  readonly field: string
  /** Reads on from the field's name: "must be …". */
  readonly rule: string
}

/** The first own key that is not one of `known`, cut short: an option that is silently ignored is a trap. */
export const unknownKey = (given: object, known: ReadonlyArray<string>): string | undefined =>
  Object.keys(given)
    .find((key) => !known.includes(key))
    ?.slice(0, 64)
