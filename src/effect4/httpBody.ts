export * from "effect/http/HttpBody"
