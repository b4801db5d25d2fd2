import { installServers } from "./installed.js"

export default (): void => installServers()
