import { Schema } from "effect"
import { ClerkAuth, ClerkAuthOptional, ClerkAuthRequiring } from "effect-clerk/http-api"
import * as Endpoint from "#test/httpApi.js"
import { bearerScheme, componentOf, HttpApi, HttpApiGroup, OpenApi } from "#test/httpApi.js"
import { major } from "#test/major.js"
import { describe, expect, it } from "#test/vitest.js"
import { Api } from "../support/protectedApi.js"

class Admins extends ClerkAuthRequiring<Admins>()("Admins", { role: "org:admin" }) {}

const get = <const Name extends string>(name: Name) => Endpoint.get(name, `/${name}`, Schema.String)

const ref = (name: string) => ({
  "application/json": { schema: { $ref: `#/components/schemas/${componentOf(name)}` } }
})

const both = [{ clerkBearer: [] }, { clerkCookie: [] }]

/** The parts of an endpoint in the document, without its success. */
const operation = (spec: OpenApi.OpenAPISpec, path: string) => {
  const { responses, security } = spec.paths[path]?.get ?? { responses: {}, security: [] }
  const schemas = Object.fromEntries(
    Object.entries(responses)
      .filter(([status]) => status !== "200" && status !== "400")
      .map(([status, { content }]) => [status, content])
  )
  return { security, schemas }
}

const unauthorized = { "401": ref("ClerkTokenError"), "503": ref("ClerkKeysUnavailable") }

describe("the OpenAPI document", () => {
  it("names 401 and 503, their schemas and both schemes, for a group", () => {
    const api = HttpApi.make("api").add(HttpApiGroup.make("group").add(get("me")).middleware(ClerkAuth))
    expect(operation(OpenApi.fromApi(api), "/me")).toEqual({ security: both, schemas: unauthorized })
  })

  it("names them for an endpoint, and not for the next one", () => {
    const group = HttpApiGroup.make("group").add(get("me").middleware(ClerkAuth)).add(get("open"))
    const spec = OpenApi.fromApi(HttpApi.make("api").add(group))
    expect(operation(spec, "/me")).toEqual({ security: both, schemas: unauthorized })
    expect(operation(spec, "/open")).toEqual({ security: [], schemas: {} })
  })

  it("names them for a whole API", () => {
    const spec = OpenApi.fromApi(
      HttpApi.make("api")
        .add(HttpApiGroup.make("group").add(get("me")))
        .middleware(ClerkAuth)
    )
    const { schemas, security } = operation(spec, "/me")
    // Effect 4 repeats the security of an API at each of its endpoints.
    expect([spec.security, security].find((list) => list.length > 0)).toEqual(both)
    expect(schemas).toEqual(unauthorized)
  })

  it("names them for the endpoints before the middleware, and with Effect 3 also for those after it", () => {
    const group = HttpApiGroup.make("group").add(get("before")).middleware(ClerkAuth).add(get("after"))
    // Widened, because each major compiles this with its own literal.
    const name: string = major
    const after = name === "effect3" ? both : []
    const spec = OpenApi.fromApi(HttpApi.make("api").add(group))
    expect(operation(spec, "/before").security).toEqual(both)
    expect(operation(spec, "/after").security).toEqual(after)
  })

  it("names 403 too for an endpoint with requirements", () => {
    const group = HttpApiGroup.make("group").add(get("vault").middleware(Admins))
    expect(operation(OpenApi.fromApi(HttpApi.make("api").add(group)), "/vault")).toEqual({
      security: both,
      schemas: { ...unauthorized, "403": ref("ClerkAccessDenied") }
    })
  })

  it("names only 503 where signing in is optional", () => {
    const group = HttpApiGroup.make("group").add(get("page")).middleware(ClerkAuthOptional)
    expect(operation(OpenApi.fromApi(HttpApi.make("api").add(group)), "/page")).toEqual({
      security: [],
      schemas: { "503": ref("ClerkKeysUnavailable") }
    })
  })

  it("has each schema and scheme once, however many middlewares there are", () => {
    const spec = OpenApi.fromApi(Api)
    expect(operation(spec, "/me")).toEqual({ security: both, schemas: unauthorized })
    expect(operation(spec, "/teams").schemas).toEqual({ ...unauthorized, "403": ref("ClerkAccessDenied") })
    expect(operation(spec, "/vault")).toEqual(operation(spec, "/teams"))
    expect(new Set(Object.keys(spec.components.schemas).filter((name) => name.startsWith("Clerk")))).toEqual(
      new Set(["ClerkTokenError", "ClerkKeysUnavailable", "ClerkAccessDenied"].map(componentOf))
    )
  })

  it("lists an endpoint's own error beside the library's error of the same status", () => {
    const { schemas } = operation(OpenApi.fromApi(Api), "/own-401")
    const either: unknown = Reflect.get(schemas["401"]?.["application/json"]?.schema ?? {}, "anyOf")
    const errors = ["ClerkTokenError", "OwnUnauthorized"].map((name) => ref(name)["application/json"].schema)
    expect(either).toHaveLength(2)
    expect(either).toEqual(expect.arrayContaining(errors))
  })

  it("describes the schemes", () => {
    expect(OpenApi.fromApi(Api).components.securitySchemes).toEqual({
      clerkBearer: {
        type: "http",
        scheme: bearerScheme,
        bearerFormat: "JWT",
        description: "A session token of Clerk."
      },
      clerkCookie: {
        type: "apiKey",
        in: "cookie",
        name: "__session",
        description: "Clerk's session cookie, also by its name with the suffix of the instance."
      }
    })
  })

  it("describes the encoded fields of the errors", () => {
    const schemas = OpenApi.fromApi(Api).components.schemas
    const required = (name: string) =>
      new Set(Object.values(Object(Reflect.get(schemas[componentOf(name)] ?? {}, "required"))))
    const properties = (name: string) => Reflect.get(schemas[componentOf(name)] ?? {}, "properties")
    expect(required("ClerkTokenError")).toEqual(new Set(["reason", "_tag"]))
    expect(properties("ClerkTokenError")).toMatchObject({
      _tag: { type: "string", enum: ["ClerkTokenError"] },
      reason: { type: "string", enum: expect.arrayContaining(["exp", "azp", "missing", "cross-origin"]) }
    })
    expect(required("ClerkKeysUnavailable")).toEqual(new Set(["reason", "retryable", "_tag"]))
    expect(required("ClerkAccessDenied")).toEqual(new Set(["missing", "_tag"]))
  })
})
