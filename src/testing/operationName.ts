/**
 * The names of the library's own operations; any other name stands for one of yours.
 *
 * @since 0.1.0
 * @category models
 */
export type OperationName =
  | "Sessions.list"
  | "Sessions.create"
  | "Sessions.get"
  | "Sessions.refresh"
  | "Sessions.revoke"
  | "Sessions.verify"
  | "Sessions.createToken"
  | "Sessions.createTokenFromTemplate"
  | "SigningKeys.jwks"
  | (string & {})
