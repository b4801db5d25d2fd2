import * as Schema from "effect/Schema"
import { annotated, type DataCodec, literals, optionalKey, wholeNumber } from "#major/schemas.js"
import type { EmulatedSessionPatch, EmulatorRequest } from "../../core/emulator/model.js"
import { isRecord } from "../../core/input.js"
import { knownSessionStatuses } from "../../schema/Session.js"
import { AnyDuration, EmulatedOperationNameSchema, JsonObject, KeptObject, SentHeaders } from "../input.js"
import type * as Inputs from "./inputs.js"

/*
 * The schemas of the inputs, whose interfaces are in `inputs.ts`. A group of fields that several inputs have is declared
 * once.
 */

// Not destructured: a bundle would then hold all of Schema.
const optional = Schema.optional

const filled = annotated(Schema.NonEmptyString, { description: "a text that is not empty" })
const texts = Schema.Array(filled)
const tasks = Schema.Array(Schema.Struct({ key: filled }))
export const status = literals(knownSessionStatuses)

export const userFields = { features: optional(texts), plan: optional(filled) }

export const organizationFields = (userId: DataCodec<string>) => ({
  slug: optional(filled),
  ...userFields,
  members: optional(
    Schema.Array(Schema.Struct({ userId, role: optional(filled), permissions: optional(texts) }))
  )
})

export const CreateUser: DataCodec<Inputs.CreateUserOptions> = Schema.Struct({
  id: optional(filled),
  ...userFields
})

export const CreateOrganization: DataCodec<Inputs.CreateOrganizationOptions> = Schema.Struct({
  id: optional(filled),
  ...organizationFields(filled)
})

export const CreateTemplate: DataCodec<Inputs.CreateTemplateOptions> = Schema.Struct({
  name: filled,
  claims: optional(KeptObject),
  lifetime: optional(AnyDuration)
})

const mintFields = {
  origin: optional(Schema.String),
  age: optional(AnyDuration),
  expiresIn: optional(AnyDuration),
  version: optional(literals([1, 2])),
  claims: optional(JsonObject),
  header: optional(JsonObject)
}

export const Mint: DataCodec<Inputs.MintOptions> = Schema.Struct(mintFields)

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

const activity = Schema.Struct({
  id: optionalKey(filled),
  isMobile: optionalKey(Schema.Boolean),
  ...activityTexts
})

export const detailFields = {
  tasks: optional(tasks),
  actor: optional(KeptObject),
  activity: optional(activity)
}

export const signInFields = {
  sessionId: optional(filled),
  clientId: optional(filled),
  organizationId: optional(filled),
  status: optional(literals(["active", "pending"])),
  ...detailFields,
  ...mintFields
}

export const SignIn: DataCodec<Inputs.SignInOptions> = Schema.Struct(signInFields)

export const MintToken: DataCodec<Inputs.MintTokenOptions> = Schema.Struct({
  sessionId: text,
  template: text,
  sign: optional(
    literals(["current-key", "wrong-key", "none", "hs256-with-public-key", "truncated", "tampered"])
  ),
  payload: text,
  ...mintFields
})

const time = wholeNumber(-8.64e15, 8.64e15, "a time in whole milliseconds since 1970")

export const patchFields = {
  status: optionalKey(status),
  actor: optionalKey(Schema.NullOr(KeptObject)),
  lastActiveOrganizationId: optionalKey(Schema.NullOr(filled)),
  lastActiveAt: optionalKey(time),
  latestActivity: optionalKey(
    Schema.NullOr(Schema.Struct({ id: filled, isMobile: Schema.Boolean, ...activityTexts }))
  ),
  tasks: optionalKey(Schema.NullOr(tasks)),
  expireAt: optionalKey(time),
  abandonAt: optionalKey(time)
}

export const SessionPatch: DataCodec<EmulatedSessionPatch> = Schema.Struct(patchFields)

export const RotateKey: DataCodec<Inputs.RotateKeyOptions> = Schema.Struct({
  removePrevious: optional(Schema.Boolean)
})

export const SignWebhook: DataCodec<Inputs.SignWebhookOptions & { readonly body: string }> = Schema.Struct({
  body: Schema.String,
  id: optional(filled),
  at: optional(time)
})

const whenFields = { operation: optional(EmulatedOperationNameSchema), delay: optional(AnyDuration) }

const responseFields = {
  status: wholeNumber(200, 599, "a whole number from 200 to 599"),
  headers: optional(SentHeaders),
  ...whenFields
}

export const RespondNext: DataCodec<Inputs.PreparedResponse> = Schema.Struct({
  ...responseFields,
  body: text
})

/** The input of the control API, where the body can be any JSON. */
export const RespondNextJson = Schema.Struct({ ...responseFields, body: optional(Schema.Unknown) })

export const FailNext: DataCodec<Inputs.FailNextOptions> = Schema.Struct({
  fault: literals(["reset", "response-lost", "no-response"]),
  ...whenFields
})

export const Latency = Schema.Struct({
  duration: AnyDuration,
  operation: optional(EmulatedOperationNameSchema)
})

const isBody = (value: unknown): value is string | Uint8Array =>
  typeof value === "string" || value instanceof Uint8Array

/** A request of a caller in process. Clerk checks its content. */
export const Request: DataCodec<EmulatorRequest> = Schema.Struct({
  method: Schema.String,
  url: Schema.String,
  headers: Schema.declare(
    (value: unknown): value is Readonly<Record<string, string | undefined>> => isRecord(value),
    { description: "an object of header names and values" }
  ),
  body: Schema.declare(isBody, { description: "a text or bytes" })
})
