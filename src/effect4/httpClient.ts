export * from "effect/http/HttpClient"
