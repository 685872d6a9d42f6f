"""The running mean of the trained weights: it is what is exported."""
import torch


class Average:
    """Exponential moving average of what `model` trains, decay min(limit, (1+n)/(10+n)) after n steps."""

    def __init__(self, model, given=None, limit=0.9995):
        """given: name -> value of an earlier average; names it lacks start from the model."""
        trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self.names, self.source, self.limit = list(trained), list(trained.values()), limit
        given = given or {}
        self.values = [given[n].to(p.device, copy=True) if n in given else p.detach().clone() for n, p in trained.items()]

    @torch.no_grad()
    def update(self, step):
        torch._foreach_lerp_(self.values, [p.detach() for p in self.source], 1 - min(self.limit, (1 + step) / (10 + step)))

    def state(self):
        return dict(zip(self.names, self.values))
