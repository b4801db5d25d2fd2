/** All operations of the library, in the order of its documentation. */
export const knownOperationNames = [
  "Sessions.list",
  "Sessions.create",
  "Sessions.get",
  "Sessions.refresh",
  "Sessions.revoke",
  "Sessions.verify",
  "Sessions.createToken",
  "Sessions.createTokenFromTemplate",
  "SigningKeys.jwks"
] as const

/**
 * The names of the library's own operations, which are those the emulator serves.
 *
 * @since 0.1.0
 * @category models
 */
export type KnownOperationName = (typeof knownOperationNames)[number]

/**
 * The names of the library's own operations; any other name stands for one of yours. Names that begin with
 * `Sessions.` or `SigningKeys.` belong to the library.
 *
 * @since 0.1.0
 * @category models
 */
export type OperationName = KnownOperationName | (string & {})

const isKnown = (name: string): boolean => (knownOperationNames as ReadonlyArray<string>).includes(name)

/** Whether a name can only be a misspelt name of the library: users' own operations have other namespaces. */
export const isMisspelt = (name: string): boolean =>
  !isKnown(name) &&
  (/^(?:Sessions|SigningKeys)\./.test(name) ||
    knownOperationNames.some((known) => known.toLowerCase() === name.toLowerCase()))
