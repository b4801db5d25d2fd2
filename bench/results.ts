import type { Bundle } from "./bundle.js"
import type { Node } from "./nodes.js"
import type { Reading } from "./readings.js"
import type { Startup } from "./startup.js"
import type { StreamResults } from "./stream.js"
import type { VerifyResults } from "./verify.js"

/** What was measured on one Node version. */
export interface NodeResults {
  readonly node: Node
  readonly readings: ReadonlyArray<Reading>
  readonly keyFetches: VerifyResults["keyFetches"]
  readonly stream: StreamResults
  readonly startup: Startup
}

export interface Results {
  readonly rounds: number
  readonly warmUps: number
  /** The calls in a round. */
  readonly calls: number
  readonly nodes: ReadonlyArray<NodeResults>
  readonly bundle: Bundle
}
