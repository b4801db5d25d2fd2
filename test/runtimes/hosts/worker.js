// Runs the conformance bundle beside it in a worker: the peer's address comes in a request, the report goes back.
import { run } from "./conformance.js"

export default {
  fetch: async (request) => Response.json(await run(await request.text()))
}
