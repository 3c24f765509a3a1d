"""The look of the drawn pages. Our own; nothing is taken from anybody's client."""

STYLE = """
body{margin:0;font:15px/1.45 system-ui,"DejaVu Sans",sans-serif;color:#1d1c1d;background:#fff}
main{max-width:46rem;margin:0 auto;padding:0 1rem 1rem;position:relative}
header{font-weight:700;font-size:1.1rem;padding:.8rem 0;border-bottom:1px solid #ddd;margin-bottom:.6rem}
header nav{font-size:.85rem;font-weight:400;margin-top:.3rem;color:#616061}
header nav b{color:#1d1c1d;border-bottom:2px solid #0b6b53}header nav *{margin-right:1rem;padding-bottom:.2rem}
article{display:flex;gap:.7rem;margin:.9rem 0}article h4{margin:0}article p{margin:.15rem 0}
.face{flex:none;width:2.2rem;height:2.2rem;border-radius:.5rem;display:grid;place-items:center;color:#fff;
background:#5b6ee1}.bot .face{background:#0b6b53}
.app{font:600 .62rem system-ui;background:#e4e4e4;color:#555;border-radius:.2rem;
padding:.08rem .25rem;margin-left:.4rem}
time{font-weight:400;font-size:.75rem;color:#616061;margin-left:.5rem}
.thread{margin-left:2.9rem;border-left:3px solid #eee;padding-left:.9rem}
.button{display:inline-block;font:600 .85rem system-ui;border:1px solid #bbb;border-radius:.35rem;background:#fff;
padding:.32rem .75rem;margin:.15rem .4rem .15rem 0;color:#1d1c1d;cursor:pointer;white-space:nowrap}
.primary{background:#0b6b53;border-color:#0b6b53;color:#fff}.danger{background:#b3261e;border-color:#b3261e;color:#fff}
.select::after{content:" \\25BE"}.context,.only,.status,small,.empty{color:#616061;font-size:.82rem}
.section{display:flex;justify-content:space-between;gap:1rem;align-items:flex-start}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:.2rem 1rem}
hr{border:0;border-top:1px solid #ddd;margin:.7rem 0}h3{margin:.5rem 0 .2rem;font-size:1.1rem}
q{display:block;quotes:none;border-left:4px solid #ddd;padding-left:.7rem;color:#333}
code{background:#f4f4f4;border:1px solid #ddd;border-radius:.2rem;padding:0 .2rem;color:#a3214a}
a{color:#1264a3}.mention{background:#e3effa;color:#1264a3;border-radius:.2rem;padding:0 .15rem}
.file{border:1px solid #ddd;border-radius:.4rem;padding:.4rem .7rem;display:inline-block;max-width:20rem}
img.file{padding:0}
.reaction{font-style:normal;border:1px solid #ddd;border-radius:1rem;padding:.05rem .5rem;font-size:.8rem}
.modal{position:absolute;top:4rem;left:50%;transform:translateX(-50%);width:32rem;max-width:90%;background:#fff;
border:1px solid #bbb;border-radius:.6rem;box-shadow:0 8px 40px #0004;padding:1rem 1.2rem}
.modal h2{margin:0 0 .6rem;font-size:1.15rem}.modal .foot{text-align:right;margin:.8rem 0 0}
.input{margin:.7rem 0}.input label{display:block;font-weight:700;font-size:.9rem;margin-bottom:.2rem}
.field{border:1px solid #aaa;border-radius:.3rem;padding:.4rem .6rem;min-height:1.2rem;white-space:pre-wrap}
.field.tall{min-height:4.5rem}.field i{color:#888;font-style:normal}
.box input[name=text]{width:100%;box-sizing:border-box;font:inherit;padding:.6rem .8rem;border:1px solid #aaa;
border-radius:.5rem;margin-top:.8rem}
footer{text-align:center;color:#999;font-size:.7rem;padding:.6rem}
"""
