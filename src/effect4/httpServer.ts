export * from "effect/http/HttpServer"
