export * from "@effect/platform/HttpClientRequest"
