"""Semantic consistency inference: the exchange, the swap of branches and the two rules."""

import pytest
import torch

from amdanet_ros.network import AMDANetConfig
from amdanet_ros.network.sci import SemanticConsistencyInference


def even_sci(channels=4, **arguments):
    """An SCI whose weight M is 1/2 at every token."""
    sci = SemanticConsistencyInference(channels, **arguments)
    with torch.no_grad():
        for parameter in sci.mlp.parameters():
            parameter.zero_()
    return sci


@pytest.fixture
def pair():
    torch.manual_seed(0)
    return torch.randn(2, 6, 4), torch.randn(2, 6, 4)


@pytest.mark.parametrize(("lam", "weight"), [(0.5, 0.25), (1.0, 0.5), (0.0, 0.0)])
def test_branches_change_places_and_exchange_lambda_times_weight(pair, lam, weight):
    rgb, thermal = pair
    sci = even_sci()
    with torch.no_grad():
        sci.lambda_param.fill_(lam)
        new_rgb, new_thermal = sci(rgb, thermal)
    torch.testing.assert_close(new_rgb, thermal + weight * (rgb - thermal))
    torch.testing.assert_close(new_thermal, rgb + weight * (thermal - rgb))


def test_each_token_has_its_own_weight(pair):
    rgb, thermal = pair
    torch.manual_seed(1)
    sci = SemanticConsistencyInference(4)
    torch.nn.init.normal_(sci.mlp[2].weight)
    new_rgb, _ = sci(rgb, thermal)
    share = ((new_rgb - thermal) / (rgb - thermal)).detach()
    assert share.std(dim=2).max() < 1e-4
    assert share.mean(dim=2).std() > 1e-3
    assert share.min() > 0
    assert share.max() < 0.5


def test_lambda_starts_at_one_half():
    assert SemanticConsistencyInference(4).lambda_param.item() == 0.5


def alike_and_opposite():
    """Two samples: in the first the modalities agree, in the second they are opposite."""
    torch.manual_seed(2)
    tokens = torch.randn(6, 4)
    return torch.stack([tokens, tokens]), torch.stack([2 * tokens, -tokens])


def test_released_rule_is_on_for_every_sample():
    rgb, thermal = alike_and_opposite()
    new_rgb, _ = even_sci(rule="released", tau=0.4)(rgb, thermal)
    torch.testing.assert_close(new_rgb, thermal + 0.25 * (rgb - thermal))


def test_supplement_rule_decides_for_each_sample():
    rgb, thermal = alike_and_opposite()
    new_rgb, new_thermal = even_sci(rule="supplement", tau=0.4)(rgb, thermal)
    # Above the threshold the features do not change, but still change places.
    assert torch.equal(new_rgb[0], thermal[0])
    assert torch.equal(new_thermal[0], rgb[0])
    torch.testing.assert_close(new_rgb[1], thermal[1] + 0.25 * (rgb[1] - thermal[1]))


@pytest.mark.parametrize(("tau", "exchanged"), [(0.69, False), (0.72, True)])
def test_supplement_rule_compares_the_mean_cosine_with_tau(tau, exchanged):
    rgb = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    angled = torch.tensor([[[1.0, 1.0], [3.0, 3.0]]])  # cosine 0.7071 at both tokens
    new_rgb, _ = even_sci(2, rule="supplement", tau=tau)(rgb, angled)
    assert torch.equal(new_rgb, angled) is not exchanged


def test_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="released, supplement, not 'always'"):
        AMDANetConfig(sci_rule="always")
