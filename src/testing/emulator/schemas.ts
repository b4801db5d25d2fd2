import * as Schema from "effect/Schema"
import type { EmulatedSessionPatch, EmulatorRequest } from "../../core/emulator/model.js"
import { isRecord } from "../../core/input.js"
import { knownSessionStatuses } from "../../schema/Session.js"
import { AnyDuration, JsonObject, KeptObject, KnownOperationNameSchema, SentHeaders } from "../input.js"
import type * as Inputs from "./inputs.js"

/*
 * The schemas of the inputs, whose interfaces are in `inputs.ts`. A group of fields that several inputs have is declared
 * once.
 */

// Not destructured: a bundle would then hold all of Schema.
const optional = Schema.optional

/** For a field that may be absent, but not `undefined`. */
const exact = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

const filled = Schema.NonEmptyString.annotations({ description: "a text that is not empty" })
const texts = Schema.Array(filled)
const tasks = Schema.Array(Schema.Struct({ key: filled }))
export const status = Schema.Literal(...knownSessionStatuses)

export const userFields = { features: optional(texts), plan: optional(filled) }

export const organizationFields = <Id extends Schema.Schema<string>>(userId: Id) => ({
  slug: optional(filled),
  ...userFields,
  members: optional(
    Schema.Array(Schema.Struct({ userId, role: optional(filled), permissions: optional(texts) }))
  )
})

export const CreateUser: Schema.Schema<Inputs.CreateUserOptions> = Schema.Struct({
  id: optional(filled),
  ...userFields
})

export const CreateOrganization: Schema.Schema<Inputs.CreateOrganizationOptions> = Schema.Struct({
  id: optional(filled),
  ...organizationFields(filled)
})

export const CreateTemplate: Schema.Schema<Inputs.CreateTemplateOptions> = Schema.Struct({
  name: filled,
  claims: optional(KeptObject),
  lifetime: optional(AnyDuration)
})

const mintFields = {
  origin: optional(Schema.String),
  age: optional(AnyDuration),
  expiresIn: optional(AnyDuration),
  version: optional(Schema.Literal(1, 2)),
  claims: optional(JsonObject),
  header: optional(JsonObject)
}

export const Mint: Schema.Schema<Inputs.MintOptions> = Schema.Struct(mintFields)

const text = optional(Schema.String)

/** The fields of a device and its place that are texts. */
const activityTexts = {
  deviceType: text,
  browserName: text,
  browserVersion: text,
  ipAddress: text,
  city: text,
  country: text
}

const activity = Schema.Struct({ id: exact(filled), isMobile: exact(Schema.Boolean), ...activityTexts })

export const detailFields = {
  tasks: optional(tasks),
  actor: optional(KeptObject),
  activity: optional(activity)
}

export const SignIn: Schema.Schema<Inputs.SignInOptions> = Schema.Struct({
  sessionId: optional(filled),
  clientId: optional(filled),
  organizationId: optional(filled),
  status: optional(Schema.Literal("active", "pending")),
  ...detailFields,
  ...mintFields
})

export const MintToken: Schema.Schema<Inputs.MintTokenOptions> = Schema.Struct({
  sessionId: text,
  template: text,
  sign: optional(
    Schema.Literal("current-key", "wrong-key", "none", "hs256-with-public-key", "truncated", "tampered")
  ),
  payload: text,
  ...mintFields
})

const time = Schema.Int.pipe(Schema.between(-8.64e15, 8.64e15)).annotations({
  description: "a time in whole milliseconds since 1970"
})

export const SessionPatch: Schema.Schema<EmulatedSessionPatch> = Schema.Struct({
  status: exact(status),
  actor: exact(Schema.NullOr(KeptObject)),
  lastActiveOrganizationId: exact(Schema.NullOr(filled)),
  lastActiveAt: exact(time),
  latestActivity: exact(
    Schema.NullOr(Schema.Struct({ id: filled, isMobile: Schema.Boolean, ...activityTexts }))
  ),
  tasks: exact(Schema.NullOr(tasks)),
  expireAt: exact(time),
  abandonAt: exact(time)
})

export const RotateKey: Schema.Schema<Inputs.RotateKeyOptions> = Schema.Struct({
  removePrevious: optional(Schema.Boolean)
})

const whenFields = { operation: optional(KnownOperationNameSchema), delay: optional(AnyDuration) }

const responseFields = {
  status: Schema.Int.pipe(Schema.between(200, 599)).annotations({
    description: "a whole number from 200 to 599"
  }),
  headers: optional(SentHeaders),
  ...whenFields
}

export const RespondNext: Schema.Schema<Inputs.PreparedResponse> = Schema.Struct({
  ...responseFields,
  body: text
})

/** The input of the control API, where the body can be any JSON. */
export const RespondNextJson = Schema.Struct({ ...responseFields, body: optional(Schema.Unknown) })

export const FailNext: Schema.Schema<Inputs.FailNextOptions> = Schema.Struct({
  fault: Schema.Literal("reset", "response-lost", "no-response"),
  ...whenFields
})

export const Latency = Schema.Struct({ duration: AnyDuration, operation: optional(KnownOperationNameSchema) })

const isBody = (value: unknown): value is string | Uint8Array =>
  typeof value === "string" || value instanceof Uint8Array

/** A request of a caller in process. Clerk checks its content. */
export const Request: Schema.Schema<EmulatorRequest> = Schema.Struct({
  method: Schema.String,
  url: Schema.String,
  headers: Schema.declare(
    (value: unknown): value is Readonly<Record<string, string | undefined>> => isRecord(value),
    { description: "an object of header names and values" }
  ),
  body: Schema.declare(isBody, { description: "a text or bytes" })
})
