export * from "effect/http/HttpClientRequest"
