export * from "effect/http/HttpServerResponse"
