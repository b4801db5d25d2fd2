export * from "effect/http-api/OpenApi"
