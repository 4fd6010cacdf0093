// The entry dreampipe/testing: contract suites that every driver must pass, under any test runner, and arbitraries of entities.
export { updatesFor, valuesFor, type Arbitrary, type FastCheck, type Given, type Some } from './testing/arbitrary.ts'
export { runContract, type Bench, type Capabilities, type ContractCase, type ContractOptions, type Opened } from './testing/contract.ts'
export { eventStoreContract } from './testing/contracts/event-store.ts'
export { queryEngineContract } from './testing/contracts/query-engine.ts'
export { topicContract } from './testing/contracts/topic.ts'
export { viewStoreContract } from './testing/contracts/view-store.ts'
