// SPDX-License-Identifier: Apache-2.0
// Time, ready filters and the filter bar together, as Overview and Log have them.
import { navigate } from "../router";
import type { UrlState } from "../url_state";
import { FilterBar } from "./filter_bar";
import { FilterMenu } from "./filter_menu";
import { TimeRange } from "./time_range";

export function QueryBar({ state }: { state: UrlState }) {
  return (
    <div class="query-bar">
      <TimeRange from={state.from} to={state.to} onChange={(range) => navigate(range)} />
      <FilterMenu filter={state.filter} onApply={(filter) => navigate({ filter })} />
      <FilterBar filter={state.filter} from={state.from} to={state.to} onApply={(filter) => navigate({ filter })} />
    </div>
  );
}
