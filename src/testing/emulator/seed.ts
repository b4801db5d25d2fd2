import type * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { IdText } from "../../schema/Ids.js"
import { reader, sentenceOf } from "../input.js"
import {
  activityFields,
  filled,
  KeptObject,
  exact as optional,
  PlainDuration,
  StatusSchema,
  TasksSchema,
  texts
} from "./inputSchemas.js"
import type { EmulatedStatus } from "./model.js"

/**
 * A span of time in plain data: text such as `"2 days"` or `"90 seconds"`, or milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type SeedDuration = Extract<Duration.DurationInput, string | number>

/**
 * The device and the place of a session in a seed.
 *
 * @since 0.1.0
 * @category models
 */
export interface SeedActivity {
  /** The id of the record. Default: a new one. */
  readonly id?: string
  /** Whether the device is a phone or a tablet. Default false. */
  readonly isMobile?: boolean
  /** The kind of device. Default `desktop`. */
  readonly deviceType?: string
  /** The name of the browser. Default `Chrome`. */
  readonly browserName?: string
  /** The version of the browser. Default `128.0.0.0`. */
  readonly browserVersion?: string
  /** The IP address. Default `192.0.2.1`. */
  readonly ipAddress?: string
  /** The city. Default `Athens`. */
  readonly city?: string
  /** The country. Default `GR`. */
  readonly country?: string
}

/**
 * A session in a seed. Its ages count back from the moment of seeding.
 *
 * @since 0.1.0
 * @category models
 */
export interface SeedSession {
  /** The id: `sess_…`. Default: a new one. */
  readonly id?: string
  /** The user of the session, who must be in the emulator or in the seed. */
  readonly userId: string
  /** The client of the session. Default: a new one. */
  readonly clientId?: string
  /** The active organization. Default: none. */
  readonly organizationId?: string
  /** The status. Default `"active"`. An `active` or `pending` session expires by its age. */
  readonly status?: EmulatedStatus
  /** How long ago the session was created. Default: `lastActiveAgo`, or no time. */
  readonly createdAgo?: SeedDuration
  /** How long ago the session was used last. Default: `createdAgo`. */
  readonly lastActiveAgo?: SeedDuration
  /** How long from now the session expires. Default: `sessionLifetime` of the emulator after its creation. */
  readonly expiresIn?: SeedDuration
  /** The device and the place. Default: a desktop in Athens. */
  readonly activity?: SeedActivity
  /** Who acts in the user's name. Default: nobody. */
  readonly actor?: Readonly<Record<string, unknown>>
  /** The tasks of a pending session. Default: none. */
  readonly tasks?: ReadonlyArray<{ readonly key: string }>
}

/**
 * What an emulator holds from the beginning, as plain JSON.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatorSeed {
  /** The users, with the features and the plan they bought for themselves. Default: none. */
  readonly users?: ReadonlyArray<{
    readonly id: string
    readonly features?: ReadonlyArray<string>
    readonly plan?: string
  }>
  /** The organizations with their members. A role defaults to `org:member`. Default: none. */
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
  /** The JWT templates. A lifetime defaults to 60 seconds. Default: none. */
  readonly templates?: ReadonlyArray<{
    readonly name: string
    readonly claims?: Readonly<Record<string, unknown>>
    readonly lifetime?: SeedDuration
  }>
  /** The sessions. Default: none. */
  readonly sessions?: ReadonlyArray<SeedSession>
}

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
        activity: optional(Schema.Struct(activityFields(optional(Schema.String)))),
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
  /** Where in the seed: `sessions.0.userId`. */
  readonly path: string
  /** The rule that is broken: reads on from the path. */
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
  {
    /** The mistakes in the seed. */
    issues: Schema.Array(Schema.Struct({ path: Schema.String, rule: Schema.String }))
  }
) {
  override get message(): string {
    return sentenceOf(this.issues, "the seed")
  }
}

const read = reader(EmulatorSeed)

export const readSeed = (data: unknown): Either.Either<EmulatorSeed, EmulatorSeedError> =>
  Either.mapLeft(read(data), (issues) => new EmulatorSeedError({ issues }))
