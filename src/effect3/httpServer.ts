export * from "@effect/platform/HttpServer"
