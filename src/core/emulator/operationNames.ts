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
  "Users.setPasswordCompromised",
  "SigningKeys.jwks",
  "Clients.getHandshakePayload"
] as const

/**
 * The name of an operation of this library. The emulator serves all of them.
 *
 * @since 4.0.0
 * @category models
 */
export type KnownOperationName = (typeof knownOperationNames)[number]

/** The operations of the Frontend API that a browser loads as documents. The library has none of them. */
const documentOperationNames = [
  "FrontendApi.handshake",
  "FrontendApi.signInPage",
  "FrontendApi.signIn",
  "FrontendApi.signOut"
] as const

export type DocumentOperationName = (typeof documentOperationNames)[number]

/** All operations that the emulator serves. */
export const emulatedOperationNames = [...knownOperationNames, ...documentOperationNames] as const

/**
 * The name of an operation that the emulator serves: one of this library, or one that a browser loads.
 *
 * @since 4.0.0
 * @category models
 */
export type EmulatedOperationName = (typeof emulatedOperationNames)[number]

/**
 * The name of an operation of this library, or of your own. Names that begin with `Sessions.` or `SigningKeys.` belong
 * to the library.
 *
 * @since 4.0.0
 * @category models
 */
export type OperationName = KnownOperationName | (string & {})

export const isKnownOperation = (name: string): name is KnownOperationName =>
  (knownOperationNames as ReadonlyArray<string>).includes(name)

export const isDocumentOperation = (name: string): name is DocumentOperationName =>
  (documentOperationNames as ReadonlyArray<string>).includes(name)

export const isEmulatedOperation = (name: string): name is EmulatedOperationName =>
  isKnownOperation(name) || isDocumentOperation(name)

/** Returns whether a name can only be a misspelt name of the library: users' own operations have other namespaces. */
export const isMisspelt = (name: string): boolean =>
  !isKnownOperation(name) &&
  (/^(?:Sessions|SigningKeys)\./.test(name) ||
    knownOperationNames.some((known) => known.toLowerCase() === name.toLowerCase()))
