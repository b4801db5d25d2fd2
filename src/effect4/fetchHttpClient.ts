export * from "effect/http/FetchHttpClient"
