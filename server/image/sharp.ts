import sharp from "sharp";

// Only the three formats that decodeImage accepts: every other loader of libvips (SVG, PDF, TIFF, HEIF …) stays shut,
// so that no crafted file reaches it, whatever sniffing says.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({ operation: ["VipsForeignLoadPng", "VipsForeignLoadJpeg", "VipsForeignLoadWebp"] });
// Pictures are decoded once each: caching them would only hold memory.
sharp.cache(false);

export { sharp };
