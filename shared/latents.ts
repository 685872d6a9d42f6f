/** Pixels of a picture to one element of its latents, each way: three halvings in every Stable Diffusion autoencoder. */
export const latentStride = 8;
