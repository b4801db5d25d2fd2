// Runs the conformance bundle beside it on a runtime that has a `process`: Node, Bun and Deno.
import { run } from "./conformance.js"

// A connection that was left open would keep the process.
process.stdout.write(`${JSON.stringify(await run(process.argv[2]))}\n`, () => process.exit())
