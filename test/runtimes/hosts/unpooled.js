// Runs the conformance bundle beside it on Deno with a `fetch` that keeps no connection, and so sends nothing again.
import { run } from "./conformance.js"

const { fetch } = globalThis
const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 })
globalThis.fetch = (input, init) => fetch(input, { ...init, client })

// A connection that was left open would keep the process.
process.stdout.write(`${JSON.stringify(await run(process.argv[2]))}\n`, () => process.exit())
