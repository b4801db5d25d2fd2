/** The entry of the Worker. */
import { env } from "cloudflare:workers"
import { makeApp } from "./app.js"

// Once for the isolate, at the top level: a request must not wait for the work of another request.
export default { fetch: await makeApp(env) }
