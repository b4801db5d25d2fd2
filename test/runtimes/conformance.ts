/**
 * Tests the library on the runtime that runs it: over its `fetch`, its WebCrypto and its timers,
 * against the peer at the address given. The same bundle runs on every runtime.
 */
import * as Effect from "effect/Effect"
import { faults } from "./cases/faults.js"
import { interruption } from "./cases/interruption.js"
import { operations } from "./cases/operations.js"
import { policies } from "./cases/policies.js"
import { reuse } from "./cases/reuse.js"
import { secure } from "./cases/secure.js"
import { servers } from "./cases/servers.js"
import { verification } from "./cases/tokens.js"
import { type Report, runCases } from "./support/check.js"
import { askPeer } from "./support/setting.js"

export const run = (peer: string): Promise<Report> =>
  Effect.runPromise(
    Effect.flatMap(askPeer(peer), (setting) =>
      // The token of the last case lives for five seconds.
      runCases(
        [verification, operations, servers, policies, interruption, reuse, faults, secure].flatMap((cases) =>
          cases(setting)
        )
      )
    )
  )
