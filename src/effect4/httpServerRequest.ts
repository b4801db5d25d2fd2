export * from "effect/http/HttpServerRequest"
