export * from "@effect/platform/HttpServerRequest"
