// The entry dreampipe/embedded: SQLite and DuckDB in one folder.
export { embedded, type EmbeddedOptions } from './drivers/embedded/driver.ts'
