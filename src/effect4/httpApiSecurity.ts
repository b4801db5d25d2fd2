export * from "effect/http-api/HttpApiSecurity"
