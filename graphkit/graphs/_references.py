"""The literature that a methods paragraph can cite: author and year, and the full reference."""

from __future__ import annotations

__all__ = ["REFERENCES"]

REFERENCES = {
    "bh": (
        "Benjamini & Hochberg 1995",
        "Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the "
        "Royal Statistical Society B, 57, 289–300. "
        "https://doi.org/10.1111/j.2517-6161.1995.tb02031.x",
    ),
    "bicm": (
        "Saracco et al. 2015",
        "Saracco, F., Di Clemente, R., Gabrielli, A., Squartini, T. (2015). Randomizing bipartite "
        "networks: the case of the World Trade Web. Scientific Reports, 5, 10595. "
        "https://doi.org/10.1038/srep10595",
    ),
    "bicm projection": (
        "Saracco et al. 2017",
        "Saracco, F., Straka, M. J., Di Clemente, R., Gabrielli, A., Caldarelli, G., Squartini, T. "
        "(2017). Inferring monopartite projections of bipartite networks: an entropy-based "
        "approach. New Journal of Physics, 19, 053022. https://doi.org/10.1088/1367-2630/aa6b38",
    ),
    "coortweet": (
        "Righetti & Balluff 2025",
        "Righetti, N., Balluff, P. (2025). CooRTweet: A generalized R software for coordinated "
        "network detection. Computational Communication Research, 7(1), 1. "
        "https://doi.org/10.5117/CCR2025.1.7.RIGH",
    ),
    "cosine": (
        "Salton et al. 1975",
        "Salton, G., Wong, A., Yang, C. S. (1975). A vector space model for automatic indexing. "
        "Communications of the ACM, 18, 613–620. https://doi.org/10.1145/361219.361220",
    ),
    "cpm": (
        "Traag et al. 2011",
        "Traag, V. A., Van Dooren, P., Nesterov, Y. (2011). Narrow scope for resolution-limit-free "
        "community detection. Physical Review E, 84, 016114. "
        "https://doi.org/10.1103/PhysRevE.84.016114",
    ),
    "disparity": (
        "Serrano et al. 2009",
        "Serrano, M. Á., Boguñá, M., Vespignani, A. (2009). Extracting the multiscale backbone of "
        "complex weighted networks. PNAS, 106, 6483–6488. https://doi.org/10.1073/pnas.0808904106",
    ),
    "hetrec": (
        "Cantador et al. 2011",
        "Cantador, I., Brusilovsky, P., Kuflik, T. (2011). Second workshop on information "
        "heterogeneity and fusion in recommender systems (HetRec2011). RecSys '11, 387–388. "
        "https://doi.org/10.1145/2043932.2044016",
    ),
    "hypergeometric": (
        "Tumminello et al. 2011",
        "Tumminello, M., Miccichè, S., Lillo, F., Piilo, J., Mantegna, R. N. (2011). Statistically "
        "validated networks in bipartite complex systems. PLoS ONE, 6, e17994. "
        "https://doi.org/10.1371/journal.pone.0017994",
    ),
    "jaccard": (
        "Jaccard 1912",
        "Jaccard, P. (1912). The distribution of the flora in the alpine zone. New Phytologist, 11, "
        "37–50. https://doi.org/10.1111/j.1469-8137.1912.tb05611.x",
    ),
    "k_core": (
        "Seidman 1983",
        "Seidman, S. B. (1983). Network structure and minimum degree. Social Networks, 5, 269–287. "
        "https://doi.org/10.1016/0378-8733(83)90028-X",
    ),
    "leiden": (
        "Traag et al. 2019",
        "Traag, V. A., Waltman, L., van Eck, N. J. (2019). From Louvain to Leiden: guaranteeing "
        "well-connected communities. Scientific Reports, 9, 5233. "
        "https://doi.org/10.1038/s41598-019-41695-z",
    ),
    "modularity": (
        "Newman & Girvan 2004",
        "Newman, M. E. J., Girvan, M. (2004). Finding and evaluating community structure in "
        "networks. Physical Review E, 69, 026113. https://doi.org/10.1103/PhysRevE.69.026113",
    ),
    "multiplex": (
        "Mucha et al. 2010",
        "Mucha, P. J., Richardson, T., Macon, K., Porter, M. A., Onnela, J.-P. (2010). Community "
        "structure in time-dependent, multiscale, and multiplex networks. Science, 328, 876–878. "
        "https://doi.org/10.1126/science.1184819",
    ),
    "names": (
        "Monroe et al. 2008",
        "Monroe, B. L., Colaresi, M. P., Quinn, K. M. (2008). Fightin' words: lexical feature "
        "selection and evaluation for identifying the content of political conflict. Political "
        "Analysis, 16, 372–403. https://doi.org/10.1093/pan/mpn018",
    ),
    "newman": (
        "Newman 2001",
        "Newman, M. E. J. (2001). Scientific collaboration networks. II. Shortest paths, weighted "
        "networks, and centrality. Physical Review E, 64, 016132. "
        "https://doi.org/10.1103/PhysRevE.64.016132",
    ),
    "noise_corrected": (
        "Coscia & Neffke 2017",
        "Coscia, M., Neffke, F. M. H. (2017). Network backboning with noisy data. ICDE, 425–436. "
        "https://doi.org/10.1109/ICDE.2017.100",
    ),
    "rber": (
        "Reichardt & Bornholdt 2006",
        "Reichardt, J., Bornholdt, S. (2006). Statistical mechanics of community detection. "
        "Physical Review E, 74, 016110. https://doi.org/10.1103/PhysRevE.74.016110",
    ),
    "significance": (
        "Traag et al. 2013",
        "Traag, V. A., Krings, G., Van Dooren, P. (2013). Significant scales in community "
        "structure. Scientific Reports, 3, 2930. https://doi.org/10.1038/srep02930",
    ),
    "surprise": (
        "Traag et al. 2015",
        "Traag, V. A., Aldecoa, R., Delvenne, J.-C. (2015). Detecting communities using asymptotical "
        "surprise. Physical Review E, 92, 022816. https://doi.org/10.1103/PhysRevE.92.022816",
    ),
    "tfidf": (
        "Spärck Jones 1972",
        "Spärck Jones, K. (1972). A statistical interpretation of term specificity and its "
        "application in retrieval. Journal of Documentation, 28, 11–21. "
        "https://doi.org/10.1108/eb026526",
    ),
}
