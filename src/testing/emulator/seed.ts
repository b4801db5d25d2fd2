import type * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { IdText } from "../../schema/Ids.js"
import { reader, sentenceOf } from "../input.js"
import { filled, KeptObject, PlainDuration, StatusSchema, TasksSchema, texts } from "./inputSchemas.js"
import type { EmulatedStatus } from "./model.js"

/**
 * A span of time in plain data: text such as `"2 days"` or `"90 seconds"`, or milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type SeedDuration = Extract<Duration.DurationInput, string | number>

/**
 * The device and the place of a session; what is left out is that of a desktop in Athens.
 *
 * @since 0.1.0
 * @category models
 */
export interface SeedActivity {
  readonly id?: string
  readonly isMobile?: boolean
  readonly deviceType?: string
  readonly browserName?: string
  readonly browserVersion?: string
  readonly ipAddress?: string
  readonly city?: string
  readonly country?: string
}

/**
 * A session to begin with. Its ages are told backwards from the moment of seeding.
 *
 * - `createdAgo`: default `lastActiveAgo`, or now; it expires the emulator's `sessionLifetime` after that.
 * - `lastActiveAgo`: default `createdAgo`.
 * - `expiresIn`: from now on, where the session's lifetime is not the emulator's.
 * - `status`: default `active`; one that is `active` or `pending` expires by its age.
 *
 * @since 0.1.0
 * @category models
 */
export interface SeedSession {
  readonly id?: string
  readonly userId: string
  readonly clientId?: string
  readonly organizationId?: string
  readonly status?: EmulatedStatus
  readonly createdAgo?: SeedDuration
  readonly lastActiveAgo?: SeedDuration
  readonly expiresIn?: SeedDuration
  readonly activity?: SeedActivity
  readonly actor?: Readonly<Record<string, unknown>>
  readonly tasks?: ReadonlyArray<{ readonly key: string }>
}

/**
 * What an emulator holds from the beginning, as plain JSON.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatorSeed {
  readonly users?: ReadonlyArray<{
    readonly id: string
    readonly features?: ReadonlyArray<string>
    readonly plan?: string
  }>
  readonly organizations?: ReadonlyArray<{
    readonly id: string
    readonly slug?: string
    readonly features?: ReadonlyArray<string>
    readonly plan?: string
    readonly members?: ReadonlyArray<{
      readonly userId: string
      readonly role?: string
      readonly permissions?: ReadonlyArray<string>
    }>
  }>
  readonly templates?: ReadonlyArray<{
    readonly name: string
    readonly claims?: Readonly<Record<string, unknown>>
    readonly lifetime?: SeedDuration
  }>
  readonly sessions?: ReadonlyArray<SeedSession>
}

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

const activity = Schema.Struct({
  id: optional(filled),
  isMobile: optional(Schema.Boolean),
  deviceType: optional(Schema.String),
  browserName: optional(Schema.String),
  browserVersion: optional(Schema.String),
  ipAddress: optional(Schema.String),
  city: optional(Schema.String),
  country: optional(Schema.String)
})

/**
 * Plain data that is checked and stays what it is: `Schema.decodeUnknown(EmulatorSeed)(JSON.parse(text))`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EmulatorSeed: Schema.Schema<EmulatorSeed> = Schema.Struct({
  users: optional(
    Schema.Array(Schema.Struct({ id: IdText, features: optional(texts), plan: optional(filled) }))
  ),
  organizations: optional(
    Schema.Array(
      Schema.Struct({
        id: IdText,
        slug: optional(filled),
        features: optional(texts),
        plan: optional(filled),
        members: optional(
          Schema.Array(
            Schema.Struct({ userId: IdText, role: optional(filled), permissions: optional(texts) })
          )
        )
      })
    )
  ),
  templates: optional(
    Schema.Array(
      Schema.Struct({ name: IdText, claims: optional(KeptObject), lifetime: optional(PlainDuration) })
    )
  ),
  sessions: optional(
    Schema.Array(
      Schema.Struct({
        id: optional(IdText),
        userId: IdText,
        clientId: optional(IdText),
        organizationId: optional(IdText),
        status: optional(StatusSchema),
        createdAgo: optional(PlainDuration),
        lastActiveAgo: optional(PlainDuration),
        expiresIn: optional(PlainDuration),
        activity: optional(activity),
        actor: optional(KeptObject),
        tasks: optional(TasksSchema)
      })
    )
  )
})

/**
 * What is wrong where in a seed: `sessions.0.userId` `must be the id of a user`.
 *
 * @since 0.1.0
 * @category models
 */
export interface SeedIssue {
  readonly path: string
  readonly rule: string
}

/**
 * The data cannot be what an emulator holds. Nothing of it was taken over.
 *
 * @since 0.1.0
 * @category errors
 */
export class EmulatorSeedError extends Schema.TaggedError<EmulatorSeedError>("EmulatorSeedError")(
  "EmulatorSeedError",
  { issues: Schema.Array(Schema.Struct({ path: Schema.String, rule: Schema.String })) }
) {
  override get message(): string {
    return sentenceOf(this.issues, "the seed")
  }
}

const read = reader(EmulatorSeed)

export const readSeed = (data: unknown): Either.Either<EmulatorSeed, EmulatorSeedError> =>
  Either.mapLeft(read(data), (issues) => new EmulatorSeedError({ issues }))
