import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { knownSessionStatuses } from "../../schema/Session.js"
import { HeadersSchema, KnownOperationNameSchema, StatusCodeSchema } from "../input.js"
import { isJsonObject, isKeepable, maxDepth } from "./json.js"

const maxDuration = Duration.days(36_500)

/** `Duration` turns negative spans into zero, so they are looked for in what was given. */
const isNegative = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some(isNegative)
    : typeof value === "string"
      ? value.startsWith("-")
      : typeof value === "number"
        ? !(value >= 0)
        : typeof value === "bigint" && value < 0n

const isDuration = (value: unknown): value is Duration.DurationInput =>
  !isNegative(value) && Option.exists(Duration.decodeUnknown(value), Duration.lessThanOrEqualTo(maxDuration))

const durationRule =
  'a duration of at most 36,500 days, such as "2 days" or "90 seconds", or a number of milliseconds'

export const AnyDuration = Schema.declare(isDuration, { description: durationRule })

/** A duration in plain JSON. */
export const PlainDuration = Schema.declare(
  (value: unknown): value is Extract<Duration.DurationInput, string | number> =>
    (typeof value === "string" || typeof value === "number") && isDuration(value),
  { description: durationRule }
)

export const filled = Schema.NonEmptyString.annotations({ description: "a text that is not empty" })
export const texts = Schema.Array(filled)

/** An object for a token that is not kept; `undefined` removes a claim. */
export const JsonObject = Schema.declare(isJsonObject, {
  description: `an object that is JSON and nested at most ${maxDepth} levels deep`
})

/** An object that is kept. */
export const KeptObject = Schema.declare(
  (value: unknown): value is { readonly [key: string]: unknown } => isKeepable(value),
  { description: `an object that is JSON, nested at most ${maxDepth} levels deep and at most 64 KiB long` }
)

export const StatusSchema = Schema.Literal(...knownSessionStatuses)

export const TasksSchema = Schema.Array(Schema.Struct({ key: filled }))

const optional = Schema.optional

/** For fields that may be absent, but not `undefined`. */
export const exact = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/** The fields of a device and its place, of which all but two are texts. */
export const activityFields = <Text extends Schema.PropertySignature.All>(text: Text) => ({
  id: exact(filled),
  isMobile: exact(Schema.Boolean),
  deviceType: text,
  browserName: text,
  browserVersion: text,
  ipAddress: text,
  city: text,
  country: text
})

const activityInput = activityFields(optional(Schema.String))

export const CreateUser = Schema.Struct({
  id: optional(filled),
  features: optional(texts),
  plan: optional(filled)
})

export const CreateOrganization = Schema.Struct({
  id: optional(filled),
  slug: optional(filled),
  features: optional(texts),
  plan: optional(filled),
  members: optional(
    Schema.Array(Schema.Struct({ userId: filled, role: optional(filled), permissions: optional(texts) }))
  )
})

export const CreateTemplate = Schema.Struct({
  name: filled,
  claims: optional(KeptObject),
  lifetime: optional(AnyDuration)
})

export const Mint = Schema.Struct({
  origin: optional(Schema.String),
  age: optional(AnyDuration),
  expiresIn: optional(AnyDuration),
  version: optional(Schema.Literal(1, 2)),
  claims: optional(JsonObject),
  header: optional(JsonObject)
})

export const SignIn = Schema.Struct({
  sessionId: optional(filled),
  clientId: optional(filled),
  organizationId: optional(filled),
  status: optional(Schema.Literal("active", "pending")),
  tasks: optional(TasksSchema),
  actor: optional(KeptObject),
  activity: optional(Schema.Struct(activityInput)),
  ...Mint.fields
})

export const MintToken = Schema.Struct({
  sessionId: optional(Schema.String),
  template: optional(Schema.String),
  sign: optional(
    Schema.Literal("current-key", "wrong-key", "none", "hs256-with-public-key", "truncated", "tampered")
  ),
  payload: optional(Schema.String),
  ...Mint.fields
})

const time = Schema.Int.pipe(Schema.between(-8.64e15, 8.64e15)).annotations({
  description: "a time in whole milliseconds since 1970"
})

export const SessionPatch = Schema.Struct({
  status: exact(StatusSchema),
  actor: exact(Schema.NullOr(KeptObject)),
  lastActiveOrganizationId: exact(Schema.NullOr(filled)),
  lastActiveAt: exact(time),
  latestActivity: exact(
    Schema.NullOr(Schema.Struct({ ...activityInput, id: filled, isMobile: Schema.Boolean }))
  ),
  tasks: exact(Schema.NullOr(TasksSchema)),
  expireAt: exact(time),
  abandonAt: exact(time)
})

export const RotateKey = Schema.Struct({ removePrevious: optional(Schema.Boolean) })

const answerFields = {
  status: StatusCodeSchema,
  headers: optional(HeadersSchema),
  operation: optional(KnownOperationNameSchema),
  delay: optional(AnyDuration)
}

export const RespondNext = Schema.Struct({ ...answerFields, body: optional(Schema.String) })

/** As it comes over the control API, where the body may be any JSON. */
export const RespondNextJson = Schema.Struct({ ...answerFields, body: optional(Schema.Unknown) })

export const FailNext = Schema.Struct({
  fault: Schema.Literal("reset", "response-lost", "no-response"),
  operation: optional(KnownOperationNameSchema),
  delay: optional(AnyDuration)
})

export const Latency = Schema.Struct({
  duration: AnyDuration,
  operation: optional(KnownOperationNameSchema)
})

const isSecretKey = (value: unknown): value is Redacted.Redacted<string> => {
  if (!Redacted.isRedacted(value)) return false
  const key: unknown = Redacted.value(value)
  return typeof key === "string" && /^[\x21-\x7e]{1,512}$/.test(key)
}

const isIssuer = (value: unknown): value is string => {
  if (typeof value !== "string" || !/^https?:\/\/[\x21-\x7e]+$/.test(value) || !URL.canParse(value))
    return false
  const { hash, password, search, username } = new URL(value)
  return `${hash}${password}${search}${username}` === ""
}

export const Options = Schema.Struct({
  secretKey: optional(
    Schema.declare(isSecretKey, { description: "a Redacted text of printable ASCII without spaces" })
  ),
  issuer: optional(
    Schema.declare(isIssuer, { description: "an http or https URL such as https://clerk.example.com" })
  ),
  tokenLifetime: optional(AnyDuration),
  sessionLifetime: optional(AnyDuration),
  refreshWindow: optional(AnyDuration),
  verifyGone: optional(Schema.Boolean),
  production: optional(Schema.Boolean),
  // Checked when it is planted.
  seed: optional(Schema.Unknown)
})

const isBody = (value: unknown): value is string | Uint8Array =>
  typeof value === "string" || value instanceof Uint8Array

/** A request as a caller in process makes it. What it says is Clerk's to judge. */
export const Request = Schema.Struct({
  method: Schema.String,
  url: Schema.String,
  headers: Schema.declare(
    (value: unknown): value is Readonly<Record<string, string | undefined>> => Predicate.isRecord(value),
    { description: "an object of header names and values" }
  ),
  body: Schema.declare(isBody, { description: "a text or bytes" })
})
