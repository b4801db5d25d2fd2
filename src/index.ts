/**
 * Clerk's sessions as Effect programs: sessions, tokens, authorization, errors, retries and time limits.
 *
 * @since 4.0.0
 */
export {
  ClerkDecodeError,
  ClerkInvalidRequest,
  ClerkTimeout,
  ClerkTransportError,
  type DecodeIssue,
  DecodeReason,
  Sent,
  TransportReason
} from "./errors/CallErrors.js"
export { ClerkAccessDenied, Requirement } from "./errors/ClerkAccessDenied.js"
export { ClerkConfigError } from "./errors/ClerkConfigError.js"
export { ClerkError } from "./errors/ClerkError.js"
export { type ClerkErrorCode, ClerkErrorItem } from "./errors/ClerkErrorItem.js"
export { ClerkWebhookError, WebhookReason } from "./errors/ClerkWebhookError.js"
export {
  ClerkBadRequest,
  ClerkConflict,
  ClerkForbidden,
  ClerkGone,
  ClerkNotFound,
  ClerkRateLimited,
  ClerkServerError,
  ClerkUnauthorized,
  ClerkUnexpectedStatus,
  ClerkUnprocessableEntity
} from "./errors/StatusErrors.js"
export {
  ClerkKeysUnavailable,
  ClerkTokenError,
  KeysUnavailableReason,
  TokenReason
} from "./errors/TokenErrors.js"
export { ClientId, OrganizationId, SessionId, UserId } from "./schema/Ids.js"
export {
  type KnownSessionStatus,
  knownSessionStatuses,
  Session,
  SessionActivity,
  type SessionActivityEncoded,
  SessionActor,
  type SessionEncoded,
  SessionStatus,
  SessionTask
} from "./schema/Session.js"
export type {
  ActorClaims,
  FactorAges,
  OrganizationClaims,
  SessionClaims,
  TokenClaims
} from "./schema/SessionClaims.js"
export { SessionPage, type SessionPageEncoded } from "./schema/SessionPage.js"
export type {
  CreateParams,
  CreateTokenOptions,
  ListByClient,
  ListByUser,
  ListParams,
  RefreshParams,
  RequestHeadersInput,
  SecretInput,
  VerifyOptions
} from "./schema/SessionRequests.js"
export {
  SessionCookies,
  type SessionCookiesEncoded,
  SessionToken,
  type SessionTokenEncoded
} from "./schema/SessionToken.js"
export * as Authorization from "./services/Authorization.js"
export {
  type Admission,
  type ChangingSecretKey,
  ClerkHttp,
  type ClerkHttpConfigOptions,
  type ClerkHttpOptions,
  type ClerkHttpService,
  type ClerkRequest,
  type ClerkResponse
} from "./services/ClerkHttp.js"
export type { Op } from "./services/Operation.js"
export * as Operation from "./services/Operation.js"
export * as RequestHooks from "./services/RequestHooks.js"
export * as RequestPolicy from "./services/RequestPolicy.js"
export * as SecretKey from "./services/SecretKey.js"
export * as Sessions from "./services/Sessions.js"
export * as SessionTokens from "./services/SessionTokens.js"
export {
  type PublicKeysOptions,
  SigningKeys,
  type SigningKeysService,
  type VerificationKey
} from "./services/SigningKeys.js"
