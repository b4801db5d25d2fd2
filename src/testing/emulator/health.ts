import { version } from "../../core/version.js"
import type { EmulatorResponse } from "./model.js"

const paths: ReadonlyArray<string> = ["/", "/health"]

/** Answers a health check, which needs no key; gives `undefined` for any other request. */
export const respond = (
  method: string,
  path: string,
  links: Readonly<Record<string, string>> = {}
): EmulatorResponse | undefined =>
  paths.includes(path) && (method === "GET" || method === "HEAD")
    ? {
        status: 200,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          name: "effect-clerk-emulator",
          version,
          links: { api: "/v1", jwks: "/.well-known/jwks.json", health: "/health", ...links }
        })
      }
    : undefined
