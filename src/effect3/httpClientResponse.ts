export * from "@effect/platform/HttpClientResponse"
