"""Eq. 7 for either prediction that a scheduler names: x_t = α·x₀ + σ·ε, and |y − y_θ|² with y = ε or v."""


def noised(clean, noise, timestep, alphas):
    """x_t and what is to be predicted from it are made of α and σ: α² = ᾱ_t, σ² = 1 − ᾱ_t.

    clean, noise [B,…], timestep [B], alphas: ᾱ of every timestep -> x_t [B,…] and (α, σ), each [B,1,1,1]."""
    a, s = alphas[timestep].sqrt().view(-1, 1, 1, 1), (1 - alphas[timestep]).sqrt().view(-1, 1, 1, 1)
    return a * clean + s * noise, (a, s)


def target(prediction, clean, noise, levels):
    """y: ε, or the velocity v = α·ε − σ·x₀, for which |v − v_θ|² is |ε − ε_θ|² reweighted over t. levels: (α, σ)."""
    a, s = levels
    if prediction == "epsilon":
        return noise
    if prediction == "v_prediction":
        return a * noise - s * clean
    raise ValueError(f"prediction_type: expected epsilon or v_prediction, got {prediction}")


def weighted_error(predicted, wanted, weight):
    """Mean of |y − y_θ|² under a weight [B,1,h,w] for each place."""
    return ((predicted.float() - wanted).square() * weight).sum() / (weight.sum() * wanted.shape[1])
