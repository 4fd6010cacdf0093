// The entry dreampipe/testing: contract suites that every driver must pass, under any test runner,
// arbitraries of entities, and a chaos driver.
export {
  updatesFor,
  valuesFor,
  type Arbitrary,
  type FastCheck,
  type Given,
  type Some,
} from './testing/arbitrary.ts'
export {
  runContract,
  type Bench,
  type Capabilities,
  type ContractCase,
  type ContractOptions,
  type Opened,
} from './testing/contract.ts'
export { checkpointStoreContract } from './testing/contracts/checkpoint-store.ts'
export { eventStoreContract } from './testing/contracts/event-store.ts'
export { queryEngineContract } from './testing/contracts/query-engine.ts'
export { topicContract } from './testing/contracts/topic.ts'
export { viewStoreContract } from './testing/contracts/view-store.ts'
export { flaky, type FlakyDriver, type FlakyOptions, type FlakyVerb } from './testing/flaky.ts'
export { testProducer, type ProducerPipeline, type ProducerTest } from './testing/producer.ts'
export type { CallFaults, Injected } from './testing/flaky-storm.ts'
export type { DeliveryFaults } from './testing/flaky-topic.ts'
