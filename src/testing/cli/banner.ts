import * as Redacted from "effect/Redacted"
import { isLoopback } from "../../core/wire/baseUrl.js"
import { DEFAULT_SECRET_KEY } from "../emulator/options.js"
import type { ClerkEmulatorService } from "../emulator/service.js"
import type { ServeOptions } from "./arguments.js"
import { controlPath } from "./control.js"

/** What a person needs who has just started it. A key that they gave is not repeated. */
export const banner = (address: string, clerk: ClerkEmulatorService, options: ServeOptions): string => {
  const isDefault = options.secretKey === DEFAULT_SECRET_KEY
  const secretKey = isDefault ? Redacted.value(options.secretKey) : "(the one you gave)"
  return `An in-memory Clerk listens on ${address}

  secret key       ${secretKey}
  publishable key  ${clerk.publishableKey}
  key set          ${address}/v1/jwks (with the secret key), ${address}/.well-known/jwks.json (without)

Use it:

  CLERK_API_URL=${address}${isDefault ? ` CLERK_SECRET_KEY=${secretKey}` : ""} node your-program.js

  With @clerk/backend: createClerkClient({ secretKey, apiUrl: "${address}" })

Sign somebody in, and see what there is:

  curl ${address}${controlPath}/sign-in -d '{"userId":"user_1"}'
  curl ${address}${controlPath}/state

GET ${address}${controlPath} lists what else it does. Ctrl+C ends it.
${isLoopback(new URL(address).hostname) ? "" : `\nOther machines on your network can reach it, and any program on them can use ${controlPath}.\n`}`
}
