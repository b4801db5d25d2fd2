export * from "effect/http/HttpClientResponse"
