"""A simulated wearer: a stated person and day become a recording together with its truth.

    scenario = load_scenario("office-day")
    for chunk, truth in simulate(scenario, seed=1): ...
    events = Simulation(scenario, seed=1).truth

The model is stated in `docs/reference/simulate.md`. What agrees with it agrees with the model, not with people.
"""

from upperback.devices.simulate.scenario import Scenario, built_in_names, load_scenario, read_scenario
from upperback.devices.simulate.simulation import Arrival, Simulation, arrivals, simulate, simulate_emg
from upperback.devices.simulate.truth import EmgTruthBlock, Truth, TruthBlock

__all__ = [
    "Arrival",
    "EmgTruthBlock",
    "Scenario",
    "Simulation",
    "Truth",
    "TruthBlock",
    "arrivals",
    "built_in_names",
    "load_scenario",
    "read_scenario",
    "simulate",
    "simulate_emg",
]
