// Each step loads something in another way. What came out stands in window.result for the driver.
import { steps } from "./steps.js";

const result = { done: {}, failed: {} };
for (const [name, step] of Object.entries(steps)) {
  try {
    result.done[name] = await step();
  } catch (error) {
    result.failed[name] = String(error);
  }
}
window.result = result;
