"""Stage 3: glyphs → layout → coverage mask → ink on paper."""
